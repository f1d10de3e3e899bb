# By name or id.
terraform import stillvault_policy.production production
