// What the command line needs to know of `rolekeeper sso`, without loading it.

export const ssoActions = ['accounts', 'populate'] as const;

/** How profiles are called unless the person says otherwise. */
export const defaultTemplate = '{account_name}/{role_name}';
