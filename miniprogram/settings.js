// The only file a shop edits: where its Regulars answers (https, a domain of the mini program's whitelist).
module.exports = {
  base: 'https://loyalty.example.com',
};
