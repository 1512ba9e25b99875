"""Making a network and running it: folders and keys, certificates in custody, every party a process that is watched."""
