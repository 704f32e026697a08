# turnpike_read_by_clang_tidy(TARGET SOURCES...), turnpike_clang_tidy_units()
#
# With TURNPIKE_UNITY, clang-tidy reads the modules in larger units than are compiled, several modules
# in one: it makes no use of precompiled headers, so that half of its time goes into the headers of
# others, again for each unit. tests/clang_tidy.py takes the units from compile_commands.json; nothing
# builds their target, which therefore has no warnings of its own.
function(turnpike_read_by_clang_tidy target)
    list(FILTER ARGN INCLUDE REGEX "\\.cc$")
    foreach(source IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
        set_property(GLOBAL APPEND PROPERTY turnpike_read_sources ${source})
    endforeach()
    set_property(GLOBAL APPEND PROPERTY turnpike_read_targets ${target})
endfunction()

function(turnpike_clang_tidy_units)
    if(NOT TURNPIKE_UNITY)
        return()
    endif()
    get_property(sources GLOBAL PROPERTY turnpike_read_sources)
    get_property(targets GLOBAL PROPERTY turnpike_read_targets)
    add_library(turnpike_read OBJECT EXCLUDE_FROM_ALL ${sources})
    foreach(target IN LISTS targets)
        target_include_directories(turnpike_read PRIVATE
            $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
        target_compile_definitions(turnpike_read PRIVATE
            $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
    endforeach()
    set(turnpike_unity_max 32)
    turnpike_unity(turnpike_read ${sources})
endfunction()
