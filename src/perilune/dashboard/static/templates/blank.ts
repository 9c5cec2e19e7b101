export default () => "";
