// Rows of plain numbers in text. Twin: _load in src/kinechain/recording/readers/text.py.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kinechain {

// Numbers of a text whose lines each hold `columns` plain decimal numbers set apart by `delimiter`, blanks around them
// allowed; false where anything else stands, which a slower reader then looks at.
bool read_numbers(const char* text, std::size_t size, std::size_t columns, char delimiter, std::vector<double>& out);

// Rows of numbers with eight decimals and tabs between, a line feed after each row; what is no number is "nan".
// Twin: the formatting in src/kinechain/recording/writers/mot.py.
void write_numbers(const double* values, std::size_t rows, std::size_t columns, std::string& out);

}  // namespace kinechain
