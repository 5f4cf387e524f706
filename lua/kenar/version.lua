--- The version, as the rockspec and the user agent name it.
return "scm-1"
