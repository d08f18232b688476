# What users run is hardened: a fault in the code should end the process, not hand it
# over. tests/hardened checks the result. None of it may cost a delivery more than half
# a per cent (tests/bench/run --instructions --beside). -fstack-protector-strong costs 3;
# without "strong" it protects the functions that have arrays of characters, and costs
# nothing that can be measured.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)

check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-Wl,-z,relro -Wl,-z,now)
add_compile_options(-fstack-protector)
check_c_compiler_flag(-fstack-clash-protection POSTERN_HAS_STACK_CLASH)
if(POSTERN_HAS_STACK_CLASH)
	add_compile_options(-fstack-clash-protection)
endif()

# Where the compiler cannot do level 3, glibc warns, and takes it for level 2.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_c_source_compiles("#include <string.h>
	int main(void) { return 0; }" POSTERN_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
if(POSTERN_HAS_FORTIFY_3)
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
else()
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
