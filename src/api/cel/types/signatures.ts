/** Types that have an order, and those that have a sum. */
export const ordered = 'int uint double bool duration timestamp string bytes';
const summed = 'int uint double duration';

/** Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md, list of standard definitions. */
const standard = `
_?_:_(bool, A, A) A
_&&_(bool, bool) bool
_||_(bool, bool) bool
!_(bool) bool
@not_strictly_false(bool) bool
_==_(A, A) bool
_!=_(A, A) bool
-_(T) T for int double
_+_(T, T) T for bytes double duration int string uint
_+_(list(A), list(A)) list(A)
_+_(duration, timestamp) timestamp
_+_(timestamp, duration) timestamp
_-_(T, T) T for double duration int uint
_-_(timestamp, duration) timestamp
_-_(timestamp, timestamp) duration
_*_(T, T) T for double int uint
_/_(T, T) T for double int uint
_%_(T, T) T for int uint
@in(A, list(A)) bool
@in(A, map(A, B)) bool
_[_](list(A), int) A
_[_](map(A, B), A) B
_[_](optional_type(list(A)), int) optional_type(A)
_[_](optional_type(map(A, B)), A) optional_type(B)
size(T) int for string bytes list(A) map(A,B)
T.size() int for string bytes list(A) map(A,B)
type(A) type(A)
dyn(A) dyn
bool(T) bool for bool string
bytes(T) bytes for bytes string
double(T) double for double int string uint
duration(T) duration for duration int string
int(T) int for int double duration string timestamp uint
uint(T) uint for uint double int string
string(T) string for string bool bytes double duration int timestamp uint net.IP net.CIDR
timestamp(T) timestamp for timestamp int string
matches(string, string) bool
string.matches(string) bool
string.contains(string) bool
string.startsWith(string) bool
string.endsWith(string) bool
duration.getHours() int
duration.getMinutes() int
duration.getSeconds() int
duration.getMilliseconds() int
${['FullYear', 'Month', 'DayOfYear', 'DayOfMonth', 'Date', 'DayOfWeek', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']
  .map((part) => `timestamp.get${part}() int\ntimestamp.get${part}(string) int`)
  .join('\n')}
${['_<_', '_<=_', '_>_', '_>=_']
  .flatMap((operator) => [
    `${operator}(T, T) bool for ${ordered}`,
    ...['int, double', 'int, uint', 'uint, double', 'uint, int', 'double, int', 'double, uint'].map(
      (pair) => `${operator}(${pair}) bool`,
    ),
  ])
  .join('\n')}`;

/** Source: https://github.com/google/cel-go/blob/master/cel/library.go, OptionalTypes. */
const optionals = `
optional.of(A) optional_type(A)
optional.ofNonZeroValue(A) optional_type(A)
optional.none() optional_type(A)
optional.unwrap(list(optional_type(A))) list(A)
list(optional_type(A)).unwrapOpt() list(A)
optional_type(A).value() A
optional_type(A).hasValue() bool
optional_type(A).or(optional_type(A)) optional_type(A)
optional_type(A).orValue(A) A
_[?_](list(A), int) optional_type(A)
_[?_](map(A, B), A) optional_type(B)
_[?_](optional_type(list(A)), int) optional_type(A)
_[?_](optional_type(map(A, B)), A) optional_type(B)
list(A).first() optional_type(A)
list(A).last() optional_type(A)`;

/** Source: https://github.com/google/cel-go/tree/master/ext: strings in version 2, lists in version 3, sets. */
const extensions = `
string.charAt(int) string
string.indexOf(string) int
string.indexOf(string, int) int
string.lastIndexOf(string) int
string.lastIndexOf(string, int) int
string.lowerAscii() string
string.upperAscii() string
string.trim() string
string.replace(string, string) string
string.replace(string, string, int) string
string.split(string) list(string)
string.split(string, int) list(string)
string.substring(int) string
string.substring(int, int) string
string.format(list(dyn)) string
strings.quote(string) string
list(string).join() string
list(string).join(string) string
list(A).slice(int, int) list(A)
list(list(A)).flatten() list(A)
list(dyn).flatten(int) list(dyn)
list(T).sort() list(T) for ${ordered}
list(A).reverse() list(A)
list(A).distinct() list(A)
lists.range(int) list(int)
sets.contains(list(A), list(A)) bool
sets.equivalent(list(A), list(A)) bool
sets.intersects(list(A), list(A)) bool`;

const formats = [
  ...['dns1123Label', 'dns1123Subdomain', 'dns1035Label', 'qualifiedName', 'dns1123LabelPrefix'],
  ...['dns1123SubdomainPrefix', 'dns1035LabelPrefix', 'labelValue', 'uri', 'uuid', 'byte', 'date', 'datetime'],
];

/** Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cel-libraries. */
const kubernetes = `
list(T).isSorted() bool for ${ordered}
list(T).min() T for ${ordered}
list(T).max() T for ${ordered}
list(T).sum() T for ${summed}
list(A).indexOf(A) int
list(A).lastIndexOf(A) int
string.find(string) string
string.findAll(string) list(string)
string.findAll(string, int) list(string)
url(string) kubernetes.URL
isURL(string) bool
kubernetes.URL.getScheme() string
kubernetes.URL.getHost() string
kubernetes.URL.getHostname() string
kubernetes.URL.getPort() string
kubernetes.URL.getEscapedPath() string
kubernetes.URL.getQuery() map(string, list(string))
ip(string) net.IP
isIP(string) bool
ip.isCanonical(string) bool
net.IP.family() int
net.IP.isUnspecified() bool
net.IP.isLoopback() bool
net.IP.isLinkLocalMulticast() bool
net.IP.isLinkLocalUnicast() bool
net.IP.isGlobalUnicast() bool
cidr(string) net.CIDR
isCIDR(string) bool
net.CIDR.containsIP(T) bool for string net.IP
net.CIDR.containsCIDR(T) bool for string net.CIDR
net.CIDR.ip() net.IP
net.CIDR.prefixLength() int
net.CIDR.masked() net.CIDR
quantity(string) kubernetes.Quantity
isQuantity(string) bool
sign(kubernetes.Quantity) int
kubernetes.Quantity.isGreaterThan(kubernetes.Quantity) bool
kubernetes.Quantity.isLessThan(kubernetes.Quantity) bool
kubernetes.Quantity.compareTo(kubernetes.Quantity) int
kubernetes.Quantity.asApproximateFloat() double
kubernetes.Quantity.asInteger() int
kubernetes.Quantity.isInteger() bool
kubernetes.Quantity.add(T) kubernetes.Quantity for kubernetes.Quantity int
kubernetes.Quantity.sub(T) kubernetes.Quantity for kubernetes.Quantity int
semver(string) kubernetes.Semver
semver(string, bool) kubernetes.Semver
isSemver(string) bool
isSemver(string, bool) bool
kubernetes.Semver.isGreaterThan(kubernetes.Semver) bool
kubernetes.Semver.isLessThan(kubernetes.Semver) bool
kubernetes.Semver.compareTo(kubernetes.Semver) int
kubernetes.Semver.major() int
kubernetes.Semver.minor() int
kubernetes.Semver.patch() int
${formats.map((format) => `format.${format}() kubernetes.NamedFormat`).join('\n')}
format.named(string) optional_type(kubernetes.NamedFormat)
kubernetes.NamedFormat.validate(string) optional_type(list(string))
kubernetes.authorization.Authorizer.path(string) kubernetes.authorization.PathCheck
kubernetes.authorization.Authorizer.group(string) kubernetes.authorization.GroupCheck
kubernetes.authorization.Authorizer.serviceAccount(string, string) kubernetes.authorization.Authorizer
kubernetes.authorization.GroupCheck.resource(string) kubernetes.authorization.ResourceCheck
${['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector']
  .map((part) => `kubernetes.authorization.ResourceCheck.${part}(string) kubernetes.authorization.ResourceCheck`)
  .join('\n')}
T.check(string) kubernetes.authorization.Decision for kubernetes.authorization.PathCheck kubernetes.authorization.ResourceCheck
kubernetes.authorization.Decision.errored() bool
kubernetes.authorization.Decision.error() string
kubernetes.authorization.Decision.allowed() bool
kubernetes.authorization.Decision.reason() string`;

/**
 * Every function: `name(arguments) result`, or with what stands before the dot `type.name(arguments) result`. With
 * `for`, T is each of the types behind it in turn; any other capital letter is a type that the call decides.
 */
export const signatures: readonly string[] = [standard, optionals, extensions, kubernetes].flatMap((library) =>
  library.split('\n').filter((line) => line !== ''),
);

/** What only expressions of mutating policies know. */
export const patchSignatures: readonly string[] = ['jsonpatch.escapeKey(string) string'];
