"""What people see: a live picture on a terminal, plain lines everywhere else."""
