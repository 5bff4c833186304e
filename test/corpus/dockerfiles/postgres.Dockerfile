FROM postgres:17
# mypaas.servicename = db
# mypaas.volume = data:/var/lib/postgresql/data
# mypaas.volume = ~/backups/db:/backups:ro
# mypaas.publish = 5432:5432
# mypaas.publish = [::1]:5432:5432
# mypaas.env = POSTGRES_PASSWORD
# mypaas.stop-timeout = 60s
# mypaas.maxmem = 1g
