# Writes demo.json into a C file, so that the binary serves without any file.
# The library that uses it compiles ${DEMO_SOURCE}.
set(DEMO_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/demo.c)
set_property(DIRECTORY APPEND PROPERTY
	CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/demo.json)

file(READ ${CMAKE_CURRENT_LIST_DIR}/demo.json demo)
string(REPLACE "\\" "\\\\" demo "${demo}")
string(REPLACE "\"" "\\\"" demo "${demo}")
string(REPLACE "\n" "\\n\"\n\t\"" demo "${demo}")
file(CONFIGURE OUTPUT ${DEMO_SOURCE} @ONLY CONTENT
"/* Made from demo.json. */
#include \"gateway/config/demo.h\"

const char demo_json[] =
	\"@demo@\";
")
