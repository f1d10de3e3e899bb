// Package backend is the broker: a Vault secrets engine that stores ciphertext,
// routes requests between consumers and approvers, and checks access. It cannot
// open anything that is sealed to approvers.
//
// [Factory] is what a plug-in serves. Each path has a file path_x.go; what is
// kept in storage is drawn above the type that is kept:
//
//	identity            the mount's id and signing key        identity.go
//	config              what administrators set               settings.go
//	log/<seq>           the organisation's log, a statement each  orglog.go
//	meta/<path>         a secret's versions, without values   record.go
//	version/<hash>/<n>  a version's ciphertext                version.go
//	enroll/<id>         an invitation and its answer          enrolment.go
//	exchange/<name>     host requests, receipts, cooldowns    routing.go
//	wal/<id>            a removal that has begun              removal.go
//
// Storage has no transactions here. Of two writes that belong together the one
// comes first whose loss nobody would notice; what is left undone after that is
// repaired when the engine starts or when the call is made again.
package backend
