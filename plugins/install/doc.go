// Package install puts the plug-in into a Vault that somebody already runs:
// fresh, as an upgrade, or back to the version before.
//
// Make an [Installer] with [New], let it look with [Installer.Plan] or
// [Installer.PlanRollback], show the [Plan], and carry it out with
// [Installer.Apply]. Planning changes nothing; applying the same plan again, or
// a plan made after an interrupted run, does what is left to do.
//
// A version that runs is never replaced before the next one is known to start:
// it is mounted beside it for a moment first. Where the switch fails all the
// same, the version before is put back, and the error says which one runs.
//
// It does not reach other nodes of a cluster: it says what must lie where, and
// Vault refuses to run anything whose checksum is not the registered one.
package install
