import sys

options = dict(word[2:].split("=") for word in sys.argv[1:] if word.startswith("--") and "=" in word)
print(options)
