/** Set by the provisioner of local volumes; taken away when the directory is gone. */
export const localPathFinalizer = 'rempart.io/local-path';
/** Names the node whose disk holds the volume. */
export const localPathNode = 'rempart.io/local-path-node';
