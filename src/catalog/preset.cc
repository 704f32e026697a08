#include "catalog/preset.h"

#include <string>

#include "catalog/preset_files.h"

namespace turnpike {

std::optional<std::string_view> preset_catalog(std::string_view name) {
    for (const EmbeddedFile& file : preset_files())
        if (file.name == std::string(name) + ".toml") return file.text;
    return std::nullopt;
}

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : preset_files())
        names.emplace_back(file.name.substr(0, file.name.rfind('.')));
    return names;
}

}  // namespace turnpike
