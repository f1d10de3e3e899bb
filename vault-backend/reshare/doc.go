// Package reshare keeps stored versions shared among the people whom the
// organisation names now.
//
// [Shares] is what is known of a version's shares without its ciphertext. An
// [Appraiser] holds that against a roster: who keeps a wrap, what is lost, what
// rests on one device, what has to be shared anew.
//
// An [Office] runs the re-shares. For each policy under which something has to be
// shared anew it signs one request in the mount's name ([Office.Settle]) and tells
// the approvers who can help ([Office.Notices]). Their devices fetch the versions
// page by page ([Office.Page]) and send what they dealt ([Office.Take]). As soon as
// the deals of one version are enough they become its next epoch, in one write; the
// wraps from before stay until the new shares have opened the version
// ([Office.Prove]).
//
// The package knows nothing of Vault: it is given a [Store], a roster and the
// [Secrets], and names its errors. Nothing in it is secret to who runs the broker.
package reshare
