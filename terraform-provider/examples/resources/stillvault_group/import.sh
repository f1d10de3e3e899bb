# By name or id.
terraform import stillvault_group.oncall oncall
