#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace turnpike::http {

/// Finds the route of a request. Patterns are "/v1/plans/{plan}"; a {part} is one non-empty path
/// segment, percent-decoded once; a last "**" is everything below, as it was sent. A fixed segment
/// beats a {part}, and both beat "**". No trailing-slash or case magic: "/v1/plans/" is another
/// path, and it does not exist.
///
/// Holds indices into the caller's own route table, so that the table can carry any handler type.
/// Immutable after construction; thread-safe.
class Router {
public:
    struct Entry {
        Method method;
        std::string_view pattern;  ///< must outlive the router (a literal)
    };
    /// Two entries that match the same request are a broken promise.
    explicit Router(std::span<const Entry> entries);
    ~Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;

    enum class Miss : std::uint8_t { NoSuchPath, MethodNotAllowed };
    struct Match {
        bool found = false;
        std::size_t index = 0;  ///< into the entries, when found
        Miss miss = Miss::NoSuchPath;
        std::vector<Method> allowed;  ///< for the Allow header, when MethodNotAllowed
    };
    /// Fills request.path_values when found. HEAD finds the GET route.
    Match match(Request& request) const;

private:
    struct Node;
    std::unique_ptr<Node> root_;
};

}  // namespace turnpike::http
