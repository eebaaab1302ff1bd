"""HTTP for staff, devices, partners and the public."""
