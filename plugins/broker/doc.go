// Package broker is a client of the broker, the secrets engine in Vault that
// stores what it cannot open and routes requests between consumers and
// approvers.
//
// Begin with New. Every concept of the API has its methods in a file of its own;
// everything signed or sealed is handed over as core's type and travels as its
// canonical JSON, so nothing here is to be believed before core verified it.
//
// An answer that is not a success is an [*Error], whatever the path. Reads and
// releases that wait for people are continued by AwaitSecret and AwaitRelease,
// which never make the broker ask an approver twice.
package broker
