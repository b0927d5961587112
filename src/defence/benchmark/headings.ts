/** The headings of the NSA/CISA Kubernetes hardening guidance 1.2, as checks name them. The wording is ours. */
export const headings: { id: string; title: string; items: string[] }[] = [
  {
    id: 'NSA pod security',
    title: 'Pods run as little as they need: not root, nothing of the node, limits on what they use',
    items: ['4.2.13', '4.2.14', '5.2.1'],
  },
  {
    id: 'NSA network separation and hardening',
    title: 'Namespaces, policies and TLS keep apart what need not meet; the control plane and secrets are closed',
    items: ['1.2.23', '1.2.24', '1.2.27', '1.2.29', '2.1', '2.2', '4.2.4', '5.3.1', '5.6.1'],
  },
  {
    id: 'NSA authentication and authorization',
    title: 'Nobody without credentials, nobody with more rights than are used',
    items: ['1.2.1', '1.2.2', '1.2.6', '1.2.8', '3.1.1', '4.2.1', '4.2.2'],
  },
  {
    id: 'NSA audit logging and threat detection',
    title: 'What happens is recorded, kept and looked at',
    items: ['1.2.16', '1.2.17', '1.2.18', '3.2.1', '3.2.2', '4.2.8'],
  },
  {
    id: 'NSA upgrading and application security',
    title: 'What runs is known, current and can be replaced',
    items: ['1.2.11', '4.2.10', '5.5.1'],
  },
];
