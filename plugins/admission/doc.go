// Package admission is what every program has in common that admits approvers:
// which statements an enrolment becomes, and what a Vault entity's id looks like.
package admission
