package main

import (
	"os"
	"time"
)

// parentEvery is how often the plug-in looks whether its parent is still there.
const parentEvery = time.Second

// endWithParent ends this process once the one that started it is gone. It
// would go on holding the keys of open requests in memory, and a Vault that was
// killed never comes back to it.
//
// An orphan gets another parent, so a change of the parent's id tells. The
// kernel's own signal for this (PR_SET_PDEATHSIG) is no help here: it follows
// the thread that started the process, and Vault may end that one at any time.
// Windows never changes the id, so there nothing happens.
func endWithParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(parentEvery)
	}
	os.Exit(1)
}
