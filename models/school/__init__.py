"""School enrolment: schools, districts, rounds, children found, applications, review, placing, offers."""
