// Package acceptance has nothing but tests: it runs the provider's built binary
// under the real terraform and the real tofu, against the engine's built plug-in,
// in the embedded host and in a real Vault. Its scripts, in testdata/script, read
// as what a user types and sees.
package acceptance
