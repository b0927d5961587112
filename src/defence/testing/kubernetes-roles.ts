import type { PolicyRule } from '../../api/rbac/rules.ts';
import { rule } from '../../api/rbac/write-rule.ts';

/**
 * Roles that Kubernetes 1.36.3 makes by itself, of those in which a check finds something: their rules about what
 * such findings are about, and of system:aggregate-to-edit those about all that is served here, as
 * k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy has them in its test data. A role of a namespace is
 * named with it.
 */
const text = `
kube-system/system:controller:bootstrap-signer
  get list watch; core; secrets
kube-system/system:controller:token-cleaner
  delete get list watch; core; secrets
system:aggregate-to-edit
  get list watch; core; pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy
  impersonate; core; serviceaccounts
  create delete deletecollection patch update; core; pods pods/attach pods/exec pods/portforward pods/proxy
  create; core; pods/eviction
  create delete deletecollection patch update; core; configmaps persistentvolumeclaims replicationcontrollers
  create delete deletecollection patch update; core; replicationcontrollers/scale secrets serviceaccounts services
  create delete deletecollection patch update; core; services/proxy
  create; core; serviceaccounts/token
  create delete deletecollection patch update; core events.k8s.io; events
  create delete deletecollection patch update; apps; daemonsets deployments deployments/rollback deployments/scale
  create delete deletecollection patch update; apps; replicasets replicasets/scale statefulsets statefulsets/scale
  create delete deletecollection patch update; autoscaling; horizontalpodautoscalers
  create delete deletecollection patch update; batch; cronjobs jobs
  create delete deletecollection patch update; policy; poddisruptionbudgets
  create delete deletecollection patch update; networking.k8s.io; ingresses networkpolicies
  create delete deletecollection get list patch update watch; coordination.k8s.io; leases
  create delete deletecollection patch update; resource.k8s.io; resourceclaims resourceclaimtemplates
system:controller:attachdetach-controller
  list watch; core; persistentvolumeclaims persistentvolumes
  get list watch; core; nodes
  patch update; core; nodes/status
  list watch; core; pods
system:controller:certificate-controller
  delete get list watch; certificates.k8s.io; certificatesigningrequests
  update; certificates.k8s.io; certificatesigningrequests/approval certificatesigningrequests/status
  approve; certificates.k8s.io; signers; kubernetes.io/kube-apiserver-client-kubelet
  sign; certificates.k8s.io; signers; kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet
  sign; certificates.k8s.io; signers; kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown
system:controller:clusterrole-aggregation-controller
  escalate get list patch update watch; rbac.authorization.k8s.io; clusterroles
system:controller:cronjob-controller
  get list update watch; batch; cronjobs
  create delete get list patch update watch; batch; jobs
  update; batch; cronjobs/status
  update; batch; cronjobs/finalizers
  delete list watch; core; pods
system:controller:daemon-set-controller
  get list watch; apps extensions; daemonsets
  update; apps extensions; daemonsets/status
  update; apps extensions; daemonsets/finalizers
  list watch; core; nodes
  create delete list patch watch; core; pods
  create; core; pods/binding
  create delete get list patch update watch; apps; controllerrevisions
system:controller:deployment-controller
  get list update watch; apps extensions; deployments
  update; apps extensions; deployments/status
  update; apps extensions; deployments/finalizers
  create delete get list patch update watch; apps extensions; replicasets
  get list update watch; core; pods
system:controller:disruption-controller
  get list watch; apps extensions; deployments
  get list watch; apps extensions; replicasets
  get list watch; core; replicationcontrollers
  get list watch; apps; statefulsets
  patch update; core; pods/status
  get; *; */scale
system:controller:endpoint-controller
  get list watch; core; pods services
  create delete get list update watch; core; endpoints
  create; core; endpoints/restricted
system:controller:endpointslice-controller
  get list watch; core; nodes pods services
  update; core; services/finalizers
  create delete get list update watch; discovery.k8s.io; endpointslices
system:controller:endpointslicemirroring-controller
  get list watch; core; endpoints services
  update; core; services/finalizers
  update; core; endpoints/finalizers
  create delete get list update watch; discovery.k8s.io; endpointslices
system:controller:expand-controller
  get list patch update watch; core; persistentvolumes
  patch update; core; persistentvolumeclaims/status
  get list watch; core; persistentvolumeclaims
system:controller:generic-garbage-collector
  delete get list patch update watch; *; *
system:controller:horizontal-pod-autoscaler
  get update; *; */scale
  list watch; core; pods
  get list watch; custom.metrics.k8s.io; *
  get list watch; external.metrics.k8s.io; *
system:controller:job-controller
  get list patch update watch; batch; jobs
  update; batch; jobs/status
  update; batch; jobs/finalizers
  create delete list patch watch; core; pods
system:controller:namespace-controller
  delete get list watch; core; namespaces
  update; core; namespaces/finalize namespaces/status
  delete deletecollection get list watch; *; *
system:controller:node-controller
  delete get list patch update watch; core; nodes
  patch update; core; nodes/status
  patch update; core; pods/status
  delete get list watch; core; pods
system:controller:persistent-volume-binder
  create delete get list update watch; core; persistentvolumes
  update; core; persistentvolumes/status
  get list update watch; core; persistentvolumeclaims
  update; core; persistentvolumeclaims/status
  create delete get list watch; core; pods
  list watch; core; nodes
system:controller:pv-protection-controller
  get list update watch; core; persistentvolumes
system:controller:replicaset-controller
  get list update watch; apps extensions; replicasets
  update; apps extensions; replicasets/status
  update; apps extensions; replicasets/finalizers
  create delete list patch watch; core; pods
system:controller:replication-controller
  get list update watch; core; replicationcontrollers
  update; core; replicationcontrollers/status
  update; core; replicationcontrollers/finalizers
  create delete list patch watch; core; pods
system:controller:resourcequota-controller
  list watch; *; *
  update; core; resourcequotas/status
system:controller:route-controller
  list watch; core; nodes
  patch; core; nodes/status
system:controller:statefulset-controller
  list watch; core; pods
  get list watch; apps; statefulsets
  update; apps; statefulsets/status
  update; apps; statefulsets/finalizers
  create delete get patch update; core; pods
  create delete get list patch update watch; apps; controllerrevisions
  create get list watch; core; persistentvolumeclaims
  delete update; core; persistentvolumeclaims
  update; core; pods/finalizers
system:controller:ttl-controller
  list patch update watch; core; nodes
system:kube-controller-manager
  create; core; secrets serviceaccounts
  delete; core; secrets
  get; core; configmaps namespaces secrets serviceaccounts
  update; core; secrets serviceaccounts
  list watch; *; *
  create; core; serviceaccounts/token
system:kubelet-api-admin
  get list watch; core; nodes
  proxy; core; nodes
  *; core; nodes/log nodes/metrics nodes/proxy nodes/stats
  *; core; nodes/configz nodes/healthz nodes/pods
system:node
  get list watch; core; services
  create get list watch; core; nodes
  patch update; core; nodes/status
  patch update; core; nodes
  get list watch; core; pods
  create delete; core; pods
  patch update; core; pods/status
  create; core; pods/eviction
  get list watch; core; configmaps secrets
  get; core; persistentvolumeclaims persistentvolumes
  get; core; endpoints
  create get list watch; certificates.k8s.io; certificatesigningrequests
  create; core; serviceaccounts/token
  get patch update; core; persistentvolumeclaims/status
  get; core; serviceaccounts
system:node-problem-detector
  get; core; nodes
  patch; core; nodes/status
system:persistent-volume-provisioner
  create delete get list watch; core; persistentvolumes
  get list update watch; core; persistentvolumeclaims
system:volume-scheduler
  get list patch update watch; core; persistentvolumes
  get list patch update watch; core; persistentvolumeclaims
`;

export const kubernetesRoles = new Map<string, PolicyRule[]>();
let rules: PolicyRule[] = [];
for (const line of text.trim().split('\n'))
  if (line.startsWith(' ')) {
    const [verbs = '', groups = '', resources = '', names] = line.trim().split('; ');
    rules.push(rule(verbs, groups, resources, names));
  } else {
    rules = [];
    kubernetesRoles.set(line, rules);
  }
