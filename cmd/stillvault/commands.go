package main

import "github.com/spf13/cobra"

// commands lists every command of the first level; each group has a file.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.readCommand(),
		a.getCommand(),
		a.putCommand(),
		a.requestsCommand(),
		a.approveCommand(),
		a.inboxCommand(),
		a.denyCommand(),
		a.muteCommand(),
		a.unmuteCommand(),
		a.receiptsCommand(),
		a.orgCommand(),
		a.approverCommand(),
		a.groupCommand(),
		a.policyCommand(),
		a.consumerCommand(),
		a.reshareCommand(),
		a.alarmsCommand(),
		a.reportsCommand(),
		a.statusCommand(),
		a.installCommand(),
		a.devCommand(),
		a.phoneCommand(),
	}
}
