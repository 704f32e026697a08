# turnpike_module(NAME SOURCES ... DEPS ... TESTS ... TEST_DEPS ...)
#
# A static library turnpike::NAME and, when TESTS are given, one test program NAME_test.
# Sources are listed by hand, so that a file that nobody builds is noticed.
function(turnpike_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;TESTS;TEST_DEPS")

    add_library(turnpike_${name} STATIC ${arg_SOURCES})
    add_library(turnpike::${name} ALIAS turnpike_${name})
    set_target_properties(turnpike_${name} PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(turnpike_${name} PUBLIC turnpike_flags ${arg_DEPS})
    turnpike_unity(turnpike_${name} ${arg_SOURCES})
    turnpike_precompile(turnpike_${name})
    if(NOT name MATCHES "testing$")
        turnpike_read_by_clang_tidy(turnpike_${name} ${arg_SOURCES})
    endif()

    if(arg_TESTS AND TURNPIKE_TESTS)
        add_executable(${name}_test ${arg_TESTS})
        set_target_properties(${name}_test PROPERTIES CXX_EXTENSIONS OFF)
        target_link_libraries(${name}_test PRIVATE
            turnpike::${name} ${arg_TEST_DEPS} GTest::gmock_main)
        turnpike_unity(${name}_test ${arg_TESTS})
        turnpike_precompile(${name}_test)
        gtest_discover_tests(${name}_test PROPERTIES LABELS ${name} TIMEOUT 120
            DISCOVERY_TIMEOUT 60 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    endif()
endfunction()
