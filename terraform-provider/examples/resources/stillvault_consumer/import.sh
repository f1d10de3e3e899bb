# By name or id.
terraform import stillvault_consumer.web web-1
