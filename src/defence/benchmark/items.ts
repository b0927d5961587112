import type { Item } from './item.ts';
import { apiServer } from './items/api-server.ts';
import { controllers, controlPlane, store } from './items/control-plane.ts';
import { controlPlaneFiles, nodeFiles } from './items/files.ts';
import { kubelet, proxy } from './items/nodes.ts';
import { policies } from './items/policies.ts';

/** Every item of CIS Kubernetes benchmark 1.12, in the document's order. */
export const items: Item[] = [
  ...[...controlPlaneFiles, ...apiServer, ...controllers, ...store, ...controlPlane],
  ...[...nodeFiles, ...kubelet, ...proxy, ...policies],
];
