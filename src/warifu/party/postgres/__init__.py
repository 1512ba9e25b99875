"""A party's database on a PostgreSQL server, for those who outgrow one machine. It never knows what is stored."""
