// Brazilian Portuguese.

/** @type {Record<keyof typeof import("./en.js").default, import("../i18n.js").Text>} */
export default {
  "copy.button": "Copiar",
  "copy.what": "Copiar {{what}}",
  "copy.done": "Copiado",
  "copy.failed": "Não foi possível copiar",
  "copy.id": "id",

  "dialog.cancel": "Cancelar",
  "dialog.close": "Fechar",
  "dialog.type": "Digite {{text}} para confirmar",

  "field.show": "Mostrar",
  "field.hide": "Ocultar",

  "frame.skip": "Ir para o conteúdo",
  "frame.search": "Buscar",
  "frame.signOut": "Sair",
  "frame.signOutFailed": "Não foi possível sair",
  "frame.unreachable":
    "O servidor não responde. O que você vê pode estar desatualizado; os rascunhos são mantidos.",
  "frame.language": "Mudar o idioma para {{name}}",
  "frame.light": "Tema claro",
  "frame.dark": "Tema escuro",

  "function.enabled": "Ativada",
  "function.disabled": "Desativada",

  "functions.title": "Funções",
  "functions.subtitle": "Tudo o que roda neste servidor",
  "functions.all": "Todas as funções",
  "functions.new": "Nova função",
  "functions.search": "Buscar funções",
  "functions.name": "Nome",
  "functions.language": "Linguagem",
  "functions.status": "Estado",
  "functions.version": "Versão",
  "functions.updated": "Alterada",
  "functions.none": "Nenhuma função ainda",
  "functions.noneText": "Uma função é um trecho de código com um endereço próprio.",
  "functions.noneFound": "Nenhuma função encontrada",

  "login.title": "Entrar",
  "login.subtitle": "com a chave de API deste servidor",
  "login.key": "Chave de API",
  "login.submit": "Entrar",
  "login.busy": "Entrando …",
  "login.wrong": "Esta não é a chave deste servidor.",
  "login.wait": {
    one: "Muitas tentativas. Tente novamente em {{count}} segundo.",
    other: "Muitas tentativas. Tente novamente em {{count}} segundos.",
  },
  "login.where": "A chave foi gravada na primeira inicialização, no diretório de dados:",

  "nav.label": "Seções",
  "nav.functions": "Funções",

  "notFound.title": "Esta página não existe",
  "notFound.text": "O endereço pode estar desatualizado ou incorreto.",
  "notFound.home": "Ir para o início",

  "page.label": "Páginas",
  "page.range": "{{first}}–{{last}} de {{total}}",
  "page.size": "Linhas por página",
  "page.perPage": { one: "{{count}} por página", other: "{{count}} por página" },
  "page.previous": "Anterior",
  "page.next": "Próxima",

  "palette.title": "Comandos",
  "palette.placeholder": "Buscar uma função ou um comando …",
  "palette.empty": "Nada encontrado",
  "palette.move": "mover",
  "palette.choose": "escolher",
  "palette.close": "fechar",
  "palette.language": "Idioma: {{name}}",
  "palette.current": "atual",
  "palette.systemTheme": "Tema do sistema",
  "palette.docs": "Documentação da API",
  "palette.openCode": "abrir código",

  "state.loading": "Carregando …",
  "state.failed": "Falha ao carregar",
  "state.notFound": "Não encontrado",
  "state.unreachable": "O servidor não responde.",
  "state.retry": "Tentar novamente",

  "status.success": "Sucesso",
  "status.error": "Erro",
  "status.pending": "Em execução",

  "tab.code": "Código",
  "tab.versions": "Versões",
  "tab.executions": "Execuções",
  "tab.settings": "Configurações",
  "tab.test": "Teste",

  "time.justNow": "agora mesmo",
  "time.soon": "em instantes",

  "toast.close": "Fechar mensagem",

  "trigger.http": "HTTP",
  "trigger.cron": "Agendamento",
  "trigger.test": "Teste",
  "trigger.replay": "Reexecução",

  "code.cut": "Mostrando {{shown}} de {{total}} caracteres",
  "editor.loading": "Carregando o editor …",
  "editor.failed": "Não foi possível carregar o editor",
  "editor.escape": "Tab recua o código. Pressione Esc e depois Tab para sair do editor.",
  "function.noDescription": "Sem descrição",
  "function.parts": "Partes desta função",
};
