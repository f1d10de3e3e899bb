# By its path. The next apply writes value_wo as a new version, unless
# value_wo_version is among ignore_changes.
terraform import stillvault_secret.database prod/db
