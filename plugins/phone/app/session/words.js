// What the page says while somebody has to wait.

/** By what is being done; views show these as they stand. */
export const doing = {
  link: 'Reading the invitation …',
  again: 'Wiping what was made …',
  passkey: 'Waiting for the authenticator …',
  wrap: 'Locking the keyring: this takes a few seconds …',
  confirm: 'Finishing …',
  gesture: 'Waiting for your passkey …',
  seal: 'Sealing the answer …',
  send: 'Sending …',
  handover: 'Handing the keyring over …',
  restore: 'Opening the backup: this takes a few seconds …',
  check: 'Checking …',
  signOut: 'Erasing everything on this device …',
};
