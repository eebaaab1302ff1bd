"""School enrolment on the phone."""
