# turnpike_embed(TARGET HEADER path/in/include/root.h NAME function FILES a.sql b.sql ...)
#
# Compiles text files into TARGET. HEADER then declares
#     std::span<const turnpike::EmbeddedFile> turnpike::function();
# in the order of FILES, each with its file name and its text. Rebuilt when a file changes. For text
# only: a NUL byte does not survive.
function(turnpike_embed target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;NAME" "FILES")
    set(root ${CMAKE_CURRENT_BINARY_DIR}/embedded)
    set(header ${root}/${arg_HEADER})
    cmake_path(REPLACE_EXTENSION header LAST_ONLY cc OUTPUT_VARIABLE source)
    set(files)
    foreach(file IN LISTS arg_FILES)
        cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
        list(APPEND files ${file})
    endforeach()

    file(CONFIGURE OUTPUT ${header} @ONLY CONTENT
"#pragma once

#include <span>

#include \"base/embedded_file.h\"

namespace turnpike {

std::span<const EmbeddedFile> @arg_NAME@();

}  // namespace turnpike
")
    # A list cannot pass through a command line as it is: ';' would separate arguments.
    string(REPLACE ";" "|" joined "${files}")
    add_custom_command(
        OUTPUT ${source}
        COMMAND ${CMAKE_COMMAND} -D HEADER=${arg_HEADER} -D NAME=${arg_NAME} -D OUTPUT=${source}
                -D "FILES=${joined}" -P ${CMAKE_SOURCE_DIR}/cmake/EmbedSource.cmake
        DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedSource.cmake
        VERBATIM)
    # The standard asks compilers for literals of 64 KiB only; ours takes any.
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
    target_sources(${target} PRIVATE ${source})
    target_include_directories(${target} PUBLIC ${root})
endfunction()
