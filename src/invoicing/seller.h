#pragma once

#include <string>
#include <vector>

namespace turnpike {

/// Who sells, as papers say it. What is empty is left out.
struct Seller {
    std::string name;
    std::vector<std::string> address;  ///< its lines
    std::string tax_id;
    std::string email;
    std::string note;  ///< at the end of each paper
};

}  // namespace turnpike
