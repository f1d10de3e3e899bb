// Package policytext has what is the same wherever people write or read a
// policy, on the command line and for Terraform: its times, and who counts where.
package policytext
