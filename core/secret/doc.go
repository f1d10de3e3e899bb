// Package secret makes and opens secret versions.
//
// A [Version] has three parts. The [Header] says what it is and who wrote it,
// and never changes. The payload is the value, encrypted under a DEK that only
// exists while somebody opens it. The [WrapSet] holds the shares of the root
// from which that DEK derives, each sealed to one approver.
//
// [Seal] needs public keys only. [Version.Verify] tells a reader whether a
// version is what it claims to be under the reader's own roster, and is the
// only way to a [Verified] version, which is the only one that can be opened.
package secret
