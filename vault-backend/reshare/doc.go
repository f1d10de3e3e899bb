// Package reshare keeps stored versions shared among the people whom the
// organisation names now.
//
// [Shares] is what is known of a version's shares without its ciphertext. An
// [Appraiser] holds that against a roster: who keeps a wrap, what is lost, what
// rests on one device, what has to be shared anew.
//
// The package knows nothing of Vault.
package reshare
