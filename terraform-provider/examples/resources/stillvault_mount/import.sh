# By its path.
terraform import stillvault_mount.secrets stillvault
