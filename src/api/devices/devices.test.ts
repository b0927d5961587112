import { testFields } from '../testing/refusals.ts';

const claim = 'resource.k8s.io/v1 ResourceClaim';
const slice = 'resource.k8s.io/v1 ResourceSlice';

testFields([
  [claim, 'spec.devices', {}],
  [claim, 'spec.devices.requests', [{ name: 'r' }], 'spec.devices.requests[0]'],
  [
    claim,
    'spec.devices.requests',
    [{ name: 'r', exactly: { deviceClassName: 'a', count: -1, selectors: [{}] } }],
    'spec.devices.requests[0].exactly.count',
    'spec.devices.requests[0].exactly.selectors[0].cel',
  ],
  [
    claim,
    'spec.devices',
    {
      requests: [{ name: 'r', firstAvailable: [{ name: 'small', deviceClassName: 'a' }] }],
      constraints: [{ requests: ['r/small'], matchAttribute: 'example.com/numa' }, { requests: ['none'] }],
      config: [{ requests: ['r/large'], opaque: { driver: 'gpu.example.com', parameters: {} } }, {}],
    },
    'spec.devices.config[0].requests[0]',
    'spec.devices.config[1].opaque',
    'spec.devices.constraints[1]',
    'spec.devices.constraints[1].requests[0]',
  ],
  [
    'resource.k8s.io/v1 ResourceClaimTemplate',
    'spec.metadata',
    { name: 'fixed', labels: { a: 'not valid!' } },
    'spec.metadata.labels',
    'spec.metadata.name',
  ],
  [slice, 'spec.pool', { name: 'p', generation: -1 }, 'spec.pool.generation', 'spec.pool.resourceSliceCount'],
  [slice, 'spec.allNodes', true, 'spec'],
  [slice, 'spec.driver', 'Not valid!', 'spec.driver'],
  [
    slice,
    'spec.devices',
    [
      { name: 'gpu-0', attributes: { model: { string: 'a' }, 'bad name': { int: 1 } }, nodeName: 'n1' },
      { name: 'gpu-0', attributes: { model: { string: 'a', int: 1 }, version: { version: 'one' } } },
    ],
    'spec.devices[0]',
    'spec.devices[0].attributes',
    'spec.devices[1]',
    'spec.devices[1].attributes[model]',
    'spec.devices[1].attributes[version].version',
  ],
  ['resource.k8s.io/v1 DeviceClass', 'spec.extendedResourceName', 'gpu', 'spec.extendedResourceName'],
  ['resource.k8s.io/v1 DeviceClass', 'spec.config', [{}], 'spec.config[0].opaque'],
]);
