#pragma once

#include <string>
#include <vector>

/// An invoice or a credit note on paper, whoever sends it. Everything is text for people, in UTF-8:
/// amounts with the sign of their currency, days in words. What is empty is left out.
namespace turnpike {

struct PdfFact {
    std::string label;  ///< "Invoice number"
    std::string value;
};
struct PdfParty {
    std::string heading;             ///< "Bill to"
    std::vector<std::string> lines;  ///< name, address, e-mail
};
struct PdfLine {
    std::string description;
    std::string detail;  ///< below the description, small, in lines: the service period, a remark
    std::string quantity;
    std::string unit_price;
    std::string amount;
};
struct PdfTotal {
    std::string label;
    std::string amount;
    enum class Weight : bool { Plain, Strong } weight = Weight::Plain;
};
struct PdfDocument {
    std::string title{};  ///< "Invoice"
    std::string mark{};   ///< beside the title: "VOID"
    std::vector<PdfFact> facts{};
    std::vector<PdfParty> parties{};  ///< side by side, three at most
    std::string headline{};           ///< "$20.00 due 10 November 2025"
    std::vector<PdfLine> lines{};
    std::vector<PdfTotal> totals{};
    std::vector<std::string> notes{};  ///< paragraphs at the end
    std::string footer{};              ///< on every page, before its number
};

}  // namespace turnpike
