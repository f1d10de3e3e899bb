// Package dev runs a server to try Stillvault on, with an organisation in it:
// the development host of package host, or a real Vault. What is founded there
// is founded by the same commands that anybody types; package main hands them
// in as a [Command].
//
// Begin with [Start], then [Server.Found], or [Server.Prepare] where somebody else is
// to found the organisation; [Demo] shows the main job.
//
// It is for development: keys of the organisation and of its approvers lie in
// one directory, and tokens are printed.
package dev
