# By name or id. An approver who is admitted needs no fingerprint.
terraform import stillvault_approver.alice alice
