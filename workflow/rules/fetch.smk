# Fetches data sets: archives in, checked arrays out.
