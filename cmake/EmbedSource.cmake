# Writes OUTPUT, the source that defines NAME() with the text of FILES. Run by turnpike_embed. A literal
# with sv has its length; counting it takes compilers more steps than they grant a long file.
string(REPLACE "|" ";" files "${FILES}")

set(entries "")
foreach(file IN LISTS files)
    cmake_path(GET file FILENAME name)
    file(READ "${file}" text)
    string(APPEND entries "    {\"${name}\", R\"turnpike(${text})turnpike\"sv},\n")
endforeach()
list(LENGTH files count)

file(WRITE "${OUTPUT}"
"#include \"${HEADER}\"

namespace turnpike {
namespace {

using namespace std::string_view_literals;

constexpr EmbeddedFile kFiles[] = {
${entries}};

}  // namespace

std::span<const EmbeddedFile> ${NAME}() { return kFiles; }

}  // namespace turnpike
")
