#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

/// What a plan or a customer is called over the whole server, which may sell several catalogs: in
/// the primary one by its key alone ("pro"), in another with that one's key ("learning-app~pro").
/// No key of ours and no external id of a seller's has a '~', so that no two names are spelled
/// alike.
struct QualifiedName {
    std::string catalog;  ///< key; "": the primary one
    std::string key;

    /// nullopt for what no name looks like: "", "~pro", "learning-app~", "a~b~c".
    static std::optional<QualifiedName> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const QualifiedName&, const QualifiedName&) = default;
};

}  // namespace turnpike
