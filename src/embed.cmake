# Files as bytes of C, for what is built into the program.
#   cmake -D TABLE=name -D OUTPUT=file.c "-D FILES=a.css;b.js" -P embed.cmake
# writes the table that base/embedded.h declares.

set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)

# Base64 of 32 bytes in hexadecimal, as Content-Security-Policy spells hashes.
function(base64_of_sha256 hex out)
    set(text "")
    foreach(at RANGE 0 60 6)
        string(SUBSTRING "${hex}0000" ${at} 6 three)
        foreach(shift 18 12 6 0)
            math(EXPR index "(0x${three} >> ${shift}) & 63")
            string(SUBSTRING ${alphabet} ${index} 1 letter)
            string(APPEND text ${letter})
        endforeach()
    endforeach()
    string(SUBSTRING ${text} 0 43 text)
    set(${out} "${text}=" PARENT_SCOPE)
endfunction()

set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
    file(READ ${file} hex HEX)
    file(SHA256 ${file} sha256)
    base64_of_sha256(${sha256} hash)
    get_filename_component(name ${file} NAME)
    string(LENGTH "${hex}" size)
    math(EXPR size "${size} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "static const unsigned char file_${number}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", (const char *)file_${number}, ${size}, \"${hash}\"},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"base/embedded.h\"\n\n${arrays}\nconst struct embedded_file ${TABLE}[] = {\n${rows}    {0},\n};\n")
