#include <iostream>
#include <string>
#include <vector>

int main()
{
    std::cout << "Hello, world!\n";
    std::cout << "This is C++ by g++ " << __VERSION__
              << ", in a fresh container.\n";

    const std::vector<std::string> steps{"3...", "2...", "1...", "go:"};
    for (const auto& step : steps)
        std::cout << step << ' ';
    std::cout << "change me and press Run.\n";
}
